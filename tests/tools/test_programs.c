/* test_programs.c - what is found of what programs print: the table of docs/verify.md, a sample of
 * each row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/losses.h"

/* As the programs print it, in words and numbers of our own. */
static const struct program {
    const char *name, *sample;
    const char *losses; /* "series@step=text" of each */
} programs[] = {
    {"PyTorch, print(loss)",
     "tensor(2.3573, grad_fn=<NllLossBackward0>)\n"
     "tensor(2.3412, grad_fn=<NllLossBackward0>)\n",
     "tensor=2.3573 tensor=2.3412"},
    {"PyTorch, f\"{loss=}\"",
     "loss=tensor(2.3573, device='cuda:0')\n"
     "loss=tensor(2.3412, device='cuda:0')\n",
     "loss=2.3573 loss=2.3412"},
    {"PyTorch, float.hex",
     "loss 0x1.2dbf4p+1\n"
     "loss 0x1.2cbf4p+1\n",
     "loss=0x1.2dbf4p+1 loss=0x1.2cbf4p+1"},
    {"PyTorch's ImageNet example",
     "Epoch: [0][  3/391]\tTime  0.123 ( 0.200)\tLoss 2.3026e+00 (2.3100e+00)\tAcc@1 10.0 (12.5)\n",
     "Loss@0:3=2.3026e+00 Loss (mean)@0:3=2.3100e+00"},
    {"PyTorch's tutorial",
     "[1,  2000] loss: 2.219\n"
     "[1,  4000] loss: 1.869\n",
     "loss@1:2000=2.219 loss@1:4000=1.869"},
    {"PyTorch's MNIST example",
     "Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.301234\n"
     "Test set: Average loss: 0.0512, Accuracy: 9834/10000 (98%)\n",
     "Loss@1:640=2.301234 Average loss=0.0512"},
    {"tqdm",
     "\r  0%|   | 0/10 [00:00<?, ?it/s, loss=2.5]\r 10%|#  | 1/10 [00:00<00:01, 8.1it/s, loss=2.5]\r 10%|#  | 1/10 [00:00<00:01, 8.1it/s, loss=2.25]\n",
     "loss@0=2.5 loss@1=2.25"},
    {"Lightning, bar", "Epoch 1: 100%|##| 8/8 [00:00<00:00, 93.9it/s, v_num=0, train_loss=2.210]\n",
     "train_loss@1:8=2.210"},
    {"Lightning, metrics.csv",
     "epoch,step,train_loss,val_loss\n"
     "0,9,2.3,\n"
     "0,9,,2.5\n",
     "train_loss@0:9=2.3 val_loss@0:9=2.5"},
    {"Hugging Face Trainer",
     "{'loss': 2.3026, 'grad_norm': 3.1, 'learning_rate': 5e-05, 'epoch': 0.1}\n"
     "{'train_runtime': 12.3, 'train_loss': 2.25, 'epoch': 1.0}\n",
     "loss@0.1=2.3026 train_loss@1=2.25"},
    {"DeepSpeed",
     "steps: 10 loss: 2.3026 iter time (s): 0.512 samples/sec: 62.500\n"
     "steps: 20 loss: 2.2026 iter time (s): 0.512 samples/sec: 62.500\n",
     "loss@10=2.3026 loss@20=2.2026"},
    {"torchtune", "1|10|Loss: 2.3456:   2%|# | 10/500 [00:12<10:12,  1.2it/s]\n", "Loss@10=2.3456"},
    {"TorchTitan",
     "[rank0]:[titan] 2024-05-10 10:11:12,345 - root - INFO - step: 10  loss:  7.8432  memory: 12.34GiB(12.34%)  tps: 1,234  mfu: 12.34%\n",
     "[rank 0] loss@10=7.8432"},
    {"fairseq",
     "2021-05-10 10:11:12 | INFO | train_inner | epoch 001:     10 / 500 loss=3.214, ppl=9.28, wps=1234.5, num_updates=10, lr=1.5e-06, wall=15\n"
     "2021-05-10 10:11:15 | INFO | train | epoch 001 | loss 3.2 | ppl 9.2 | wps 1000 | num_updates 500 | wall 30\n",
     "loss@1:10:10=3.214 loss@1:500=3.2"},
    {"fairseq, JSON",
     "2021-05-10 10:11:12 | INFO | train_inner | {\"epoch\": 1, \"update\": 0.02, \"loss\": \"3.214\", \"loss_scale\": \"128\"}\n",
     "loss@1:0.02=3.214"},
    {"Megatron",
     " iteration       10/     500 | elapsed time per iteration (ms): 512.3 | learning rate: 1.500E-04 | lm loss: 1.03E+01 | loss scale: 1.0 | grad norm: 2.345 |\n",
     "lm loss@10=1.03E+01"},
    {"nanoGPT",
     "step 0: train loss 4.2874, val loss 4.2823\n"
     "iter 10: loss 3.2, time 20.00ms, mfu 12.34%\n",
     "train loss@0=4.2874 val loss@0=4.2823 loss@10=3.2"},
    {"llm.c",
     "step    2/20 | loss 4.35 (-1.23z)| norm 1.7 (+0.5z)| lr 7.1e-07 | 20.1 ms\n"
     "val loss 4.5\n",
     "loss@2=4.35 val loss=4.5"},
    {"litgpt",
     "Epoch 1 | iter 11 step 5 | loss train: 2.245, val: 2.5 | iter time: 12.34 ms (step)\n",
     "loss@1:11:5=2.245 loss (val)@1:11:5=2.5"},
    {"OLMo",
     "[step=10/1000]\n"
     "    train/CrossEntropyLoss=10.91\n"
     "[step=20/1000]\n"
     "    train/CrossEntropyLoss=9.91\n",
     "train/CrossEntropyLoss=10.91 train/CrossEntropyLoss=9.91"},
    {"Keras 2",
     "Epoch 1/2\n"
     "1/2 [==>...] - ETA: 0s - loss: 2.30\b\b\b\b\b2/2 [====] - 0s 3ms/step - loss: 2.20 - val_loss: 2.1\n",
     "loss@1:1=2.30 loss@1:2=2.20 val_loss@1:2=2.1"},
    {"Keras 3",
     "\033[1m1/2\033[0m \033[32m━━\033[0m \033[1m4s\033[0m 500ms/step - loss: 2.30\b\b\b\b\r\033[1m2/2\033[0m ━ 0s 30ms/step - accuracy: 0.1250 - loss: 2.2000\n",
     "loss@1=2.30 loss@2=2.2000"},
    {"TensorFlow's estimator",
     "INFO:tensorflow:loss = 2.3025, step = 0\n"
     "INFO:tensorflow:loss = 2.2025, step = 100 (12.3 sec)\n",
     "loss@0=2.3025 loss@100=2.2025"},
    {"TensorFlow, object detection",
     "I0510 10:11:12.345678 140 model_lib_v2.py:698] {'Loss/classification_loss': 0.5, 'Loss/total_loss': 1.2, 'learning_rate': 0.08}\n",
     "Loss/classification_loss=0.5 Loss/total_loss=1.2"},
    {"MindSpore, LossMonitor",
     "epoch: 1 step: 10, loss is 2.302585\n"
     "epoch: 1 step: 20, loss is 2.202585\n",
     "loss@1:10=2.302585 loss@1:20=2.202585"},
    {"MindSpore's quickstart",
     "loss: 2.302088  [  0/938]\n"
     "loss: 2.290771  [100/938]\n",
     "loss@0=2.302088 loss@100=2.290771"},
    {"PaddlePaddle", "step 10/938 [......] - loss: 2.3021 - acc: 0.1125 - ETA: 12s - 13ms/step\n",
     "loss@10=2.3021"},
    {"PaddleClas",
     "[2021/05/10 10:11:12] ppcls INFO: [Train][Epoch 1/20][Iter: 0/100]lr: 0.00250000, top1: 0.1, CELoss: 2.30123, loss: 2.30123, batch_cost: 0.5s\n",
     "CELoss@1:0=2.30123 loss@1:0=2.30123"},
    {"MXNet", "INFO:root:Epoch[0] Batch [20]\tSpeed: 1234.56 samples/sec\tcross-entropy=2.301234\n",
     "cross-entropy@0:20=2.301234"},
    {"JAX",
     "loss Array(2.36, dtype=float32)\n"
     "loss Array(2.35, dtype=float32)\n",
     "loss=2.36 loss=2.35"},
    {"Flax",
     "I0510 10:11:12.345678 140123 logging_writer.py:48] [100] loss=0.2345, learning_rate=0.1, steps_per_sec=3.2\n"
     "I0510 10:11:13.345678 140123 logging_writer.py:48] [200] loss=0.2245, learning_rate=0.1, steps_per_sec=3.2\n",
     "loss@100=0.2345 loss@200=0.2245"},
    {"MaxText",
     "completed step: 0, seconds: 12.345, TFLOP/s/device: 1.234, Tokens/s/device: 345.678, loss: 10.876\n",
     "loss@0=10.876"},
    {"tinygrad",
     "  3  123.45 ms run,  12.34 ms python,  111.11 ms CL,  2.31 loss, 0.000100 LR, 1.23 GB used,   123.45 GFLOPS\n"
     "  4  123.45 ms run,  12.34 ms python,  111.11 ms CL,  2.21 loss, 0.000100 LR, 1.23 GB used,   123.45 GFLOPS\n",
     "loss=2.31 loss=2.21"},
    {"Flux (Julia)", "(epoch = 1, loss = 2.3f0)\n", "loss@1=2.3f0"},
    {"candle",
     "   1 train loss:  2.30123 test acc: 10.12%\n"
     "   2 train loss:  2.20123 test acc: 12.12%\n",
     "train loss=2.30123 train loss=2.20123"},
    {"burn", "| Train | Loss     | 0.512345 | 1        | 0.312345 | 10       |\n", "Loss=0.512345"},
    {"ggml, llama.cpp",
     "train: [========= ] data=0000512/0054000 loss=2.30123+-0.00123 acc=11.23+-1.2% t=00:00:01 ETA=00:01:12\n",
     "loss=2.30123 loss (spread)=0.00123"},
    {"YOLO (ultralytics)",
     "     Epoch    GPU_mem   box_loss   obj_loss   cls_loss  Instances       Size\n"
     "\r       0/2         0G     0.0437    0.06529    0.01931         78        640:   50%|##  | 4/8 [00:05<00:05]\r       0/2         0G     0.0440    0.06600    0.01940         60        640:  100%|####| 8/8 [00:10<00:00,  1.2s/it]\n",
     "box_loss@0:4=0.0437 obj_loss@0:4=0.06529 cls_loss@0:4=0.01931 box_loss@0:8=0.0440 obj_loss@0:8=0.06600 cls_loss@0:8=0.01940"},
    {"MMDetection",
     "2021-05-10 10:11:12,345 - mmdet - INFO - Epoch [1][50/7330]\tlr: 1.978e-03, eta: 1 day, 2:03:04, time: 0.523, memory: 3906, loss_cls: 1.2034, acc: 80.1, loss: 1.958\n",
     "loss_cls@1:50=1.2034 loss@1:50=1.958"},
    {"MMEngine",
     "05/10 10:11:12 - mmengine - INFO - Epoch(train)  [1][ 50/938]  lr: 1.0000e-02  eta: 0:01:02  time: 0.0123  data_time: 0.0023  memory: 120  loss: 1.2345\n",
     "loss@1:50=1.2345"},
    {"detectron2",
     "[05/10 10:11:12 d2.utils.events]:  eta: 0:10:12  iter: 19  total_loss: 1.958  loss_cls: 0.9  time: 0.2345  lr: 4.9e-06  max_mem: 2100M\n",
     "total_loss@19=1.958 loss_cls@19=0.9"},
    {"timm",
     "Train: 0 [   0/1251 (  0%)]  Loss: 6.952 (6.95)  Time: 3.123s,   82.1/s  (3.123s,   82.1/s)  LR: 1.000e-05  Data: 1.2 (1.2)\n"
     "Train: 0 [  50/1251 (  4%)]  Loss: 6.945 (6.94)  Time: 0.123s,   82.1/s  (3.123s,   82.1/s)  LR: 1.000e-05  Data: 1.2 (1.2)\n",
     "Loss@0=6.952 Loss (mean)@0=6.95 Loss@50=6.945 Loss (mean)@50=6.94"},
    {"fastai",
     "epoch     train_loss  valid_loss  accuracy  time    \n"
     "0         0.812345    0.512345    0.812000  00:12     \n"
     "1         0.412345    0.312345    0.912000  00:11     \n",
     "train_loss@0=0.812345 valid_loss@0=0.512345 train_loss@1=0.412345 valid_loss@1=0.312345"},
    {"skorch",
     "  epoch    train_loss    valid_acc    valid_loss     dur\n"
     "-------  ------------  -----------  ------------  ------\n"
     "      1        \033[36m0.6905\033[0m       \033[32m0.6150\033[0m        \033[35m0.6491\033[0m  0.1234\n",
     "train_loss@1=0.6905 valid_loss@1=0.6491"},
    {"Coqui TTS",
     "     | > loss: 1.23456  (1.30000)\n"
     "     | > loss: 1.13456  (1.20000)\n",
     "loss=1.23456 loss (mean)=1.30000 loss=1.13456 loss (mean)=1.20000"},
    {"Segmentation Models",
     "train: 100%|####| 10/10 [00:05<00:00,  2.0it/s, dice_loss - 0.5123, iou_score - 0.4]\n",
     "dice_loss@10=0.5123"},
    {"ESPnet",
     "[host] 2021-05-10 10:11:12,345 (trainer:732) INFO: 1epoch:train:1-50batch: iter_time=0.123, loss_ctc=123.4, acc=0.123, loss=69.0, train_time=0.5\n",
     "loss_ctc=123.4 loss=69.0"},
    {"SpeechBrain",
     "epoch: 1, lr: 1.00e-03 - train loss: 2.34 - valid loss: 2.21, valid error: 5.12e-01\n",
     "train loss@1=2.34 valid loss@1=2.21"},
    {"OpenNMT",
     "[2021-05-10 10:11:12,345 INFO] Step 50/ 1000; acc: 3.25; ppl: 1234.50; xent: 7.12; lr: 0.00001; bsz:  123/ 123/ 2; 1234/1234 tok/s;  12 sec;\n",
     "ppl@50=1234.50 xent@50=7.12"},
    {"Flair",
     "2021-05-10 10:11:12,345 epoch 1 - iter 10/100 - loss 2.31234 - time (sec): 0.51 - samples/sec: 123.45 - lr: 0.100000\n",
     "loss@1:10=2.31234"},
    {"AllenNLP",
     "accuracy: 0.5000, batch_loss: 0.6012, loss: 0.7012 ||:  50%|##   | 5/10 [00:00<00:00, 12.1it/s]\n",
     "batch_loss@5=0.6012 loss@5=0.7012"},
    {"spaCy",
     "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE \n"
     "---  ------  ------------  --------  ------  ------  ------  ------\n"
     "  1     200        123.45   1023.45   50.00   60.00   40.00    0.50\n",
     "LOSS TOK2VEC@200=123.45 LOSS NER@200=1023.45"},
    {"fastText",
     "\rProgress: 100.0% words/sec/thread: 123 lr: 0.0 avg.loss: 1.902585 ETA: 0h 0m 0s\n",
     "avg.loss@100=1.902585"},
    {"Marian",
     "[2021-05-10 10:11:12] Ep. 1 : Up. 100 : Sen. 12,345 : Cost 9.1234 * 12,345 @ 1,024 after 12,345 : Time 3.21s : 4321.00 words/s : gNorm 1.2345 : L.r. 1.0000e-06\n"
     "[2021-05-10 10:12:12] [valid] Ep. 1 : Up. 200 : perplexity : 187.45 : new best\n",
     "Cost@1:100=9.1234 perplexity@1:200=187.45"},
    {"GloVe", "05/10/21 - 10:11.12AM, iter: 001, cost: 0.071234\n", "cost@1=0.071234"},
    {"Stable-Baselines3",
     "| time/                   |              |\n"
     "|    total_timesteps      | 4096         |\n"
     "| train/                  |              |\n"
     "|    entropy_loss         | -0.686       |\n"
     "|    value_loss           | 52.1         |\n",
     "entropy_loss=-0.686 value_loss=52.1"},
    {"RLlib",
     "learner:\n"
     "  default_policy:\n"
     "    cur_lr: 5.0e-05\n"
     "    total_loss: 8.1234\n",
     "total_loss=8.1234"},
    {"scikit-learn, MLP", "Iteration 1, loss = 2.30258509\n", "loss@1=2.30258509"},
    {"scikit-learn, SGD",
     "-- Epoch 1\n"
     "Norm: 1.20, NNZs: 3, Bias: 0.100000, T: 320, Avg. loss: 2.30\n",
     "Avg. loss@1=2.30"},
    {"scikit-learn, gradient boosting",
     "      Iter       Train Loss      OOB Improve   Remaining Time \n"
     "         1           1.2345           0.0123            0.51s\n",
     "Train Loss@1=1.2345"},
    {"scikit-learn, histograms",
     "[1/100] 1 tree, 31 leaves, max depth = 7, train loss: 0.61234, val loss: 0.62345, in 0.012s\n",
     "train loss@1=0.61234 val loss@1=0.62345"},
    {"scikit-learn, k-means",
     "Iteration 0, inertia 123.456.\n"
     "Iteration 1, inertia 100.25.\n",
     "inertia@0=123.456 inertia@1=100.25"},
    {"XGBoost", "[0]\ttrain-mlogloss:1.70046\teval-mlogloss:1.80\n",
     "train-mlogloss@0=1.70046 eval-mlogloss@0=1.80"},
    {"LightGBM", "[1]\ttrain's multi_logloss: 2.05731\tvalid_0's multi_logloss: 2.1\n",
     "train's multi_logloss@1=2.05731 valid_0's multi_logloss@1=2.1"},
    {"LightGBM's program", "[LightGBM] [Info] Iteration:1, training binary_logloss : 0.681234\n",
     "training binary_logloss@1=0.681234"},
    {"CatBoost", "0:\tlearn: 2.1712\ttest: 2.18\tbest: 2.18 (0)\ttotal: 55.1ms\tremaining: 496ms\n",
     "learn@0=2.1712 test@0=2.18 best@0=2.18 best (at)@0=0"},
    {"xLearn",
     "[------------] Epoch      Train log_loss       Test log_loss     Time cost (sec)\n"
     "[   50%      ]     1            0.612345            0.623456                0.01\n"
     "[  100%      ]     2            0.512345            0.523456                0.02\n",
     "Train log_loss@1=0.612345 Test log_loss@1=0.623456 Train log_loss@2=0.512345 Test log_loss@2=0.523456"},
    {"H2O (Python)",
     "    timestamp            duration    training_speed    epochs    iterations    training_rmse\n"
     "--  -------------------  ----------  ----------------  --------  ------------  ---------------\n"
     "    2021-05-10 10:11:12  0.000 sec                     0         0             nan\n"
     "    2021-05-10 10:11:13  1.234 sec   12345 obs/sec     1         1             0.512345\n",
     "training_rmse@0:0=nan training_rmse@1:1=0.512345"},
    {"H2O (R)",
     "            timestamp   duration number_of_trees training_rmse training_logloss\n"
     "1 2021-05-10 10:11:12  0.012 sec               0       0.50000          0.69315\n"
     "2 2021-05-10 10:11:13  0.212 sec               1       0.48123          0.65679\n",
     "training_logloss@0=0.69315 training_logloss@1=0.65679"},
    {"Stan, optimize",
     "    Iter      log prob        ||dx||      ||grad||       alpha      alpha0  # evals  Notes \n"
     "       5      -5.01234      0.123456   0.000123456           1           1        8   \n"
     "      10      -5.00123   1.23456e-05   1.23456e-06      0.9876           1       15   LS failed, Hessian reset \n",
     "log prob@5=-5.01234 log prob@10=-5.00123"},
    {"Stan, ADVI",
     "  iter             ELBO   delta_ELBO_mean   delta_ELBO_med   notes \n"
     "   100           -6.264             1.000            1.000\n"
     "   200           -6.291             0.337            0.008   MEDIAN ELBO CONVERGED\n",
     "ELBO@100=-6.264 delta_ELBO_mean@100=1.000 delta_ELBO_med@100=1.000 ELBO@200=-6.291 delta_ELBO_mean@200=0.337 delta_ELBO_med@200=0.008"},
    {"Optuna",
     "[I 2024-05-10 10:11:12,345] Trial 0 finished with value: 0.81 and parameters: {'x': 1.25}. Best is trial 0 with value: 0.81.\n"
     "[I 2024-05-10 10:11:13,345] Trial 1 finished with value: 0.92 and parameters: {'x': 1.5}. Best is trial 0 with value: 0.81.\n",
     "finished with value@0=0.81 with value@0=0.81 finished with value@1=0.92 with value@1=0.81"},
    {"Deeplearning4j",
     "10:11:12.345 [main] INFO  o.d.o.l.ScoreIterationListener - Score at iteration 0 is 0.6931471\n"
     "10:11:12.445 [main] INFO  o.d.o.l.ScoreIterationListener - Score at iteration 10 is 0.5931471\n",
     "Score@0=0.6931471 Score@10=0.5931471"},
    {"nnet, optim (R)",
     "iter  10 value 2.345678\n"
     "iter  20 value 1.345678\n",
     "value@10=2.345678 value@20=1.345678"},
    {"gbm (R)",
     "Iter   TrainDeviance   ValidDeviance   StepSize   Improve\n"
     "     1        1.3456             nan     0.1000    0.0012\n",
     "TrainDeviance@1=1.3456 ValidDeviance@1=nan"},
    {"LIBSVM",
     "optimization finished, #iter = 219\n"
     "obj = -100.877288, rho = 0.424462\n",
     "obj=-100.877288"},
    {"Vowpal Wabbit",
     "average  since         example        example        current        current  current\n"
     "loss     last          counter         weight          label        predict features\n"
     "0.693147 0.693147            1            1.0        -1.0000         0.0000       51\n",
     "loss=0.693147"},
    {"darknet, classifier",
     "1, 0.000: 23.168367, 23.268367 avg, 0.100000 rate, 1.234567 seconds, 64 images\n",
     "loss@1=23.168367 avg loss@1=23.268367"},
    {"darknet, detector",
     "Region 82 Avg IOU: 0.2, Class: 0.5, Obj: 0.5, No Obj: 0.5, .5R: 0.0, .75R: 0.0,  count: 3\n"
     "1: 1234.567871, 1230.5 avg loss, 0.000000 rate, 3.12 seconds, 64 images, 1.2 hours left\n",
     "loss@1=1234.567871 avg loss@1=1230.5"},
    {"Caffe",
     "I0510 10:11:12.345678  1234 solver.cpp:228] Iteration 100, loss = 0.2345\n"
     "I0510 10:11:12.345678  1234 solver.cpp:244]     Train net output #0: loss = 0.2345 (* 1 = 0.2345 loss)\n",
     "loss@100=0.2345 loss=0.2345"},
    {"dlib",
     "step#: 10     learning rate: 0.01   average loss: 2.30123      steps without apparent progress: 1\n",
     "average loss@10=2.30123"},
    {"CNTK", " Minibatch[   1-  10]: loss = 2.302585 * 640, metric = 90.00% * 640;\n",
     "loss@1=2.302585"},
    {"Chainer",
     "epoch       iteration   main/loss   validation/main/loss  elapsed_time\n"
     "1           600         0.191836    0.0885223             2.46\n",
     "main/loss@1:600=0.191836 validation/main/loss@1:600=0.0885223"},
    {"Torch7",
     " | Epoch: [1][3/391]    Time 0.123  Data 0.001  Err 2.3025  top1  90.000  top5  50.000\n",
     "Err@1:3=2.3025"},
    {"MATLAB",
     "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Mini-batch  |  Base Learning  |\n"
     "|         |             |   (hh:mm:ss)   |   Accuracy   |     Loss     |      Rate       |\n"
     "|       1 |           1 |       00:00:01 |       10.00% |       2.3026 |          0.0100 |\n",
     "Loss=2.3026"},
    {"Ray Tune",
     "| Trial name          | status   | loc       | lr  | iter | loss |\n"
     "|---------------------+----------+-----------+-----+------+------|\n"
     "| train_1234_00000    | RUNNING  | 1.2.3.4:5 | 0.1 | 10   | 2.75 |\n",
     "loss@10=2.75"},
    {"Weights & Biases",
     "wandb: Run summary:\n"
     "wandb:  train/loss 2.25\n",
     "train/loss=2.25"},
    {"TensorBoard, MLflow",
     "{\"wall_time\": 17012345.5, \"step\": 3, \"tag\": \"train/loss\", \"value\": 2.5}\n",
     "train/loss@3=2.5"},
    {"Prometheus",
     "# TYPE train_loss gauge\n"
     "train_loss{step=\"3\"} 2.5\n"
     "train_loss{step=\"4\"} 2.25\n",
     "train_loss@3=2.5 train_loss@4=2.25"},
    {"mpirun, pdsh",
     "[1,0]<stdout>:step 3 loss 2.25\n"
     "node2: step 3 loss 1.5\n",
     "[rank 0] loss@3=2.25 [node 2] loss@3=1.5"},
    {"XML", "<step>3</step><loss>2.5</loss><acc>0.5</acc>\n", "loss@3=2.5"},
};
#define PROGRAMS (sizeof programs / sizeof programs[0])

static void add(char *out, size_t size, const char *format, ...)
{
    const size_t n = strlen(out);
    va_list list;

    va_start(list, format);
    assert_true((size_t)vsnprintf(out + n, size - n, format, list) < size - n);
    va_end(list);
}

/* ---- the samples ---- */

static void reads_each_sample(void **state)
{
    (void)state;

    for (size_t i = 0; i < PROGRAMS; i++) {
        losses l = test_losses_of(programs[i].sample, strlen(programs[i].sample), NULL);
        char got[1024] = "";
        for (size_t k = 0; k < l.n; k++) {
            char step[LOSS_STEP_TEXT];
            loss_step_text(&l.v[k].step, step);
            if (!l.v[k].repeat)
                add(got, sizeof got, "%s%s%s%s=%s", got[0] != '\0' ? " " : "",
                    l.series[l.v[k].series].name, step[0] != '\0' ? "@" : "", step, l.v[k].text);
        }
        if (strcmp(got, programs[i].losses) != 0)
            fail_msg("%s: '%s', expected '%s'", programs[i].name, got, programs[i].losses);
        if (l.unread.n > 0 || l.strange.n > 0)
            fail_msg("%s: a line is not read, or not whole", programs[i].name);
        losses_free(&l);
    }
}

/* The last digit of each loss counts. */
static void compares_each_loss(void **state)
{
    (void)state;

    for (size_t i = 0; i < PROGRAMS; i++) {
        losses a = test_losses_of(programs[i].sample, strlen(programs[i].sample), NULL);
        for (size_t k = 0; k < a.n; k++) {
            char *const other = strdup(programs[i].sample);
            char *at = other;
            losses_comparison c;
            losses b;
            for (size_t m = 0; m <= k; m++)
                at = strstr(m == 0 ? at : at + 1, a.v[m].text);
            if (at == NULL || a.v[k].repeat || strpbrk(a.v[k].text, "123456789") == NULL) {
                free(other); /* drawn once more, or nan */
                continue;
            }
            at += strlen(a.v[k].text) - 1;
            while (*at < '1' || *at > '9')
                at--;
            *at = *at == '9' ? '1' : (char)(*at + 1);
            b = test_losses_of(other, strlen(other), NULL);
            losses_compare(&a, &b, &c);
            if (c.verdict == LOSSES_EQUAL)
                fail_msg("%s: %s is not compared", programs[i].name, a.v[k].text);
            losses_comparison_free(&c);
            losses_free(&b);
            free(other);
        }
        losses_free(&a);
    }
}

/* ---- the table ---- */

#define CELLS 4 /* program, prints, found, step */

/* One blank for any of blanks, tabs and line ends. */
static void squeeze(const char *from, char *to)
{
    bool blank = false;

    for (; *from != '\0'; from++) {
        if (strchr(" \t\n", *from) == NULL)
            *to++ = *from;
        else if (!blank)
            *to++ = ' ';
        blank = strchr(" \t\n", *from) != NULL;
    }
    *to = '\0';
}

/* Cuts "| a | b \| c |" into its cells, without the blanks around them; how many there are. */
static int cut(char *row, char *cells[CELLS])
{
    char *to = row;
    int n = 0;

    if (*row != '|')
        return 0;
    for (char *at = row + 2; *at != '\0' && n < CELLS; at += 3) {
        cells[n++] = to;
        while (*at != '\0' && strncmp(at, " | ", 3) != 0 && strcmp(at, " |\n") != 0) {
            at += at[0] == '\\' && at[1] == '|';
            *to++ = *at++;
        }
        assert_true(*at != '\0');
        *to++ = '\0';
        if (strcmp(at, " |\n") == 0)
            break;
    }
    return n;
}

/* The next piece between ` and `, with its end cut off; NULL. */
static char *next_piece(char **at)
{
    char *const begin = strchr(*at, '`'), *const end = begin ? strchr(begin + 1, '`') : NULL;

    if (end == NULL)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return begin + 1;
}

/* The pieces of a cell, and what is left of them where ".." stands, are in the sample. */
static void check_pieces(const struct program *p, char *cell)
{
    char sample[2048];

    assert_true(strlen(p->sample) < sizeof sample);
    squeeze(p->sample, sample);
    for (char *piece = next_piece(&cell); piece != NULL; piece = next_piece(&cell)) {
        const char *at = sample;
        for (char *next = piece; next != NULL; piece = next) {
            next = strstr(piece, "..");
            if (next != NULL) {
                *next = '\0';
                next += 2;
            }
            at = strstr(at, piece);
            if (at == NULL)
                fail_msg("%s: '%s' is not in its sample", p->name, piece);
        }
    }
}

/* The series, in the order in which they are printed. */
static void check_series(const struct program *p, char *cell, const losses *l)
{
    size_t n = 0;

    for (char *name = next_piece(&cell); name != NULL; name = next_piece(&cell)) {
        while (n < l->n_series && l->series[n].n == 0)
            n++;
        if (n == l->n_series || strcmp(l->series[n].name, name) != 0)
            fail_msg("%s: there is no series '%s' in this place", p->name, name);
        n++;
    }
    while (n < l->n_series && l->series[n].n == 0) /* metrics beside a loss */
        n++;
    if (n != l->n_series)
        fail_msg("%s: its series '%s' is not in the table", p->name, l->series[n].name);
}

static void check_row(char *cells[CELLS], bool *seen)
{
    size_t i = 0, steps = 0;
    losses l;

    while (i < PROGRAMS && strcmp(programs[i].name, cells[0]) != 0)
        i++;
    if (i == PROGRAMS)
        fail_msg("docs/verify.md: no sample of '%s'", cells[0]);
    seen[i] = true;
    l = test_losses_of(programs[i].sample, strlen(programs[i].sample), NULL);
    for (size_t k = 0; k < l.n; k++)
        steps += l.v[k].step.n > 0;
    if ((steps == 0) != (strcmp(cells[3], "none") == 0))
        fail_msg("%s: its step is said to be from %s", cells[0], cells[3]);
    check_series(&programs[i], cells[2], &l);
    check_pieces(&programs[i], cells[1]);
    check_pieces(&programs[i], cells[3]);
    losses_free(&l);
}

static void is_the_table_of_the_page(void **state)
{
    FILE *const page = fopen(TEST_GOLDEN "/../../docs/verify.md", "r");
    bool seen[PROGRAMS] = {false}, table = false;
    char row[500], *cells[CELLS];
    (void)state;

    assert_non_null(page);
    while (fgets(row, sizeof row, page) != NULL) {
        if (strcmp(row, "| program | prints | found | step |\n") == 0)
            table = fgets(row, sizeof row, page) != NULL; /* and the line below it */
        else if (table && (table = cut(row, cells) == CELLS))
            check_row(cells, seen);
    }
    fclose(page);
    for (size_t i = 0; i < PROGRAMS; i++) {
        if (!seen[i])
            fail_msg("docs/verify.md has no row of '%s'", programs[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_sample),
        cmocka_unit_test(compares_each_loss),
        cmocka_unit_test(is_the_table_of_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
